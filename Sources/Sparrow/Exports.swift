// `import Sparrow` is enough: errors, configurations, plans and chat messages come with it.
@_exported public import SparrowBlocks
@_exported public import SparrowCore
@_exported public import SparrowGrammar
@_exported public import SparrowSparsity
@_exported public import SparrowTemplates
@_exported public import SparrowTokenizers
@_exported public import SparrowTransformer
