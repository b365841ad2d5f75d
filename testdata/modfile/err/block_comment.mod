module m /* no */
