// add is elsewhere.
