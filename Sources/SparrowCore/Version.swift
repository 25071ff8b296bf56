/// The version of Sparrow, as `sparrow --version` prints it.
package let sparrowVersion = "0.2.0"
