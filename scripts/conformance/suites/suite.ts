/**
 * A public suite: which of its files hold checks, and how one of them is run.
 */
import type { Engine } from "../engines/contract.ts"
import type { Progress } from "../result.ts"
import * as componentModel from "./componentModel.ts"
import * as components from "./components.ts"
import * as wasiTestsuite from "./wasiTestsuite.ts"

export interface Suite {
  readonly name: string
  /** Paths below the root, sorted. An error says what the root should have been. */
  readonly files: (root: string) => ReadonlyArray<string>
  readonly run: (engine: Engine, root: string, file: string, progress: Progress) => Promise<void>
}

export const suites: ReadonlyArray<Suite> = [componentModel.suite, wasiTestsuite.suite, components.suite]
