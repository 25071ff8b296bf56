// `import SparrowEvaluation` is enough: tasks, sample means and figures come with it.
@_exported public import SparrowMeasure
