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
  /**
   * Whether a module is valid. What is metered depends on the answer: compiling
   * a module does not give it where functions are compiled when they are called.
   */
  readonly validate: (bytes: Uint8Array<ArrayBuffer>) => Promise<boolean>
  /**
   * Compiles a module: if `eager`, all of its functions, where the platform can.
   * Else it may leave functions until they are called: the engine asks for that
   * where no function takes long, and for several modules at a time. Rejects
   * with `CompileError`.
   */
  readonly module: (bytes: Uint8Array<ArrayBuffer>, eager: boolean) => Promise<object>
  /**
   * Compiles the body of a function whose parameter is called `library`. `code`
   * is what {@link Script.code} gave for this text, in this or another process.
   */
  readonly script: (source: string, code: Uint8Array<ArrayBuffer> | undefined) => Script
}

/**
 * Compilers of the thread that calls, which validating 10 MB holds for some 30 ms.
 *
 * @category constructors
 * @since 0.1.0
 */
export const thread: Compilers = {
  validate: (bytes) => Promise.resolve(WebAssembly.validate(bytes)),
  module: (bytes) => WebAssembly.compile(bytes),
  script: (source) => ({ run: new Function("library", source) as Script["run"] })
}
