import SparrowCore
import SparrowFormats
import Testing
