/**
 * How core modules and generated code become something that runs.
 *
 * The engine has its own way, {@link thread}, which needs nothing but the
 * language. A platform can give another one: compile ahead, keep what V8 made
 * of a text, or check modules without holding the thread.
 *
 * @since 0.1.0
 */

/**
 * Generated code that was compiled.
 *
 * @category models
 * @since 0.1.0
 */
export interface Script {
  /** Runs the code with what it calls. */
  readonly run: (library: unknown) => unknown
  /** What makes the next compilation of the same text cheaper, once it has run. */
  readonly code?: (() => Uint8Array | undefined) | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Compilers {
  /** Whether this is a module that `module` would compile. */
  readonly validate: (bytes: Uint8Array<ArrayBuffer>) => Promise<boolean>
  /**
   * Compiles a module: all of its functions if `eager` and where the platform
   * can, else functions as they are called. Rejects with `CompileError`.
   */
  readonly module: (bytes: Uint8Array<ArrayBuffer>, eager: boolean) => Promise<WebAssembly.Module>
  /**
   * Compiles the body of a function whose parameter is called `library`. `code`
   * is what {@link Script.code} gave for this text, in this or another process.
   */
  readonly script: (source: string, code: Uint8Array<ArrayBuffer> | undefined) => Script
}

/** Bytes that are validated while the thread waits: some milliseconds. */
const inPlace = 1_024 * 1_024

/**
 * Compilers of the thread that calls.
 *
 * @category constructors
 * @since 0.1.0
 */
export const thread: Compilers = {
  validate: (bytes) =>
    bytes.length <= inPlace
      ? Promise.resolve(WebAssembly.validate(bytes))
      : WebAssembly.compile(bytes).then(() => true, () => false),
  module: (bytes) => WebAssembly.compile(bytes),
  script: (source) => ({ run: new Function("library", source) as Script["run"] })
}
