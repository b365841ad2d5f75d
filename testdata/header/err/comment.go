/* no end
package x
