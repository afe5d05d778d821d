// A plugin of typedoc: modules go by the names under which they are imported, not by their paths.

export function load(app) {
  app.converter.on('resolveBegin', ({ project }) => {
    for (const module of project.children ?? []) module.name = importName(module.name)
  })
}

/** `bytes/src/node` is `@ros/bytes/node`. */
function importName(path) {
  const [folder, , ...door] = path.split('/')
  return ['@ros', folder, ...door.filter((part) => part !== 'index')].join('/')
}
