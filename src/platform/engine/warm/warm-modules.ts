/** Libraries that are slow to load, read nothing of the task at import and can bear a fork after it. */
const loadable = new Set([
  'numpy',
  'pandas',
  'scipy',
  'sklearn',
  'joblib',
  'pyarrow',
  'statsmodels',
  'yaml',
  'requests',
])

const fromImport = /^[ \t]*from[ \t]+([A-Za-z_][\w.]*)[ \t]+import\b/gm
const plainImport = /^[ \t]*import[ \t]+([A-Za-z_][\w., \t]*)$/gm

const isLoadable = (module: string): boolean => loadable.has(module.split('.')[0] as string)

/**
 * The modules that a component's source imports and that may be loaded before it runs, sorted. None where the source
 * touches its environment: what it sets may be meant for its imports.
 */
export const warmModules = (source: string): readonly string[] => {
  if (/\b(environ|putenv|setenv)\b/.test(source)) return []
  const from = [...source.matchAll(fromImport)].map(([, module]) => module as string)
  const plain = [...source.matchAll(plainImport)].flatMap(([, list]) =>
    (list as string).split(',').map((part) => part.trim().split(/\s/)[0] as string),
  )
  return [...new Set([...from, ...plain])].filter(isLoadable).sort()
}
