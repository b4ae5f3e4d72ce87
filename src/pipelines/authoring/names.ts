// Names as kfp makes them, so that what is compiled here reads like what is compiled there.

export const sanitized = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^-0-9a-z]+/g, '-')
    .replace(/-+/g, '-')
    .replace(/^-|-$/g, '')

/** The name itself, or with the first number from 2 that makes it new. */
export const uniqueName = (name: string, taken: { has(name: string): boolean }): string => {
  if (!taken.has(name)) return name
  for (let number = 2; ; number += 1) if (!taken.has(`${name}-${number}`)) return `${name}-${number}`
}

export const componentName = (name: string): string => `comp-${sanitized(name)}`
export const executorLabel = (name: string): string => `exec-${sanitized(name)}`

/** Inputs that are added to a group, so that what is outside of it can be reached. */
export const channelPrefix = 'pipelinechannel--'
