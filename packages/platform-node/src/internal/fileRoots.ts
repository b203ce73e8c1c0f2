import { FileFault } from "./fileFault.ts"
import type { Folder, RootFolder } from "./rootFolder.ts"

/** A resource as a root and the names below it. */
export interface Place {
  readonly root: RootFolder
  readonly names: ReadonlyArray<string>
}

export type Roots = ReadonlyMap<string, RootFolder>

/** The resource was allowed, and so has the form of one; the walk checks each of its names again. */
export const placeOf = (roots: Roots, resource: string): Place => {
  const mark = resource.indexOf(":/")
  const root = mark === -1 ? undefined : roots.get(resource.slice(0, mark))
  if (root === undefined) throw new FileFault("NoSuchRoot", "NodeFileAccess was given no root of that name")
  const below = resource.slice(mark + 2)
  return { root, names: below === "" ? [] : below.split("/") }
}

/** Runs with the folder that holds the place and its name in it; a root is held by none. */
export const inParent = <A>(
  { names, root }: Place,
  use: (folder: Folder, name: string) => Promise<A>
): Promise<A> => {
  const name = names.at(-1)
  return name === undefined
    ? Promise.reject(new FileFault("NotAFile", "the root itself"))
    : root.within(names.slice(0, -1), (folder) => use(folder, name))
}
