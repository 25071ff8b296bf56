/// The version of Sparrow, as `sparrow --version` prints it.
package let sparrowVersion = "0.1.0"
