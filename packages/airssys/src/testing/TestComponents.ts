/**
 * Components as they are, on a host for tests.
 *
 * Everything is the real thing but what lies outside: files are in memory,
 * time is Effect's `Clock` for guests too, and hashes are made at once. So a
 * test drives deadlines, backoff and expiry with `TestClock`, and when the
 * clock has moved what was due has happened, as far as no guest runs.
 *
 * @since 0.1.0
 */
import type * as Layer from "effect/Layer"
import type * as Runtime from "../Runtime.ts"
import type * as Powers from "../security/Powers.ts"
import { runtime } from "./internal/testRuntimeParts.ts"
import * as TestEngine from "./TestEngine.ts"

/**
 * A component: its manifest as text, and its bytes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Files {
  readonly manifest: string
  readonly artifact: Uint8Array
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Where powers come from, such as those of `TestPowers`. Default: nowhere. */
  readonly powers?: ReadonlyArray<Powers.Source> | undefined
}

/**
 * Layer of a runtime whose components have these folders. All of it is made
 * anew where it is built.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  components: Readonly<Record<string, Files>>,
  { powers = [] }: Options = {}
): Layer.Layer<Runtime.Services> => runtime(TestEngine.layer, components, powers)
