// Generated from acme:tools/plugin@1.0.0 by airssys. Do not edit.
// dprint-ignore-file

/**
 * What the program that runs tools gives to them, beside what airssys has.
 */
declare module "acme:tools/files@1.0.0" {
  /**
   * Why there is no text.
   */
  export type Error =
    /**
     * The tool is not granted this file.
     */
    | { readonly tag: "access-denied" }
    /**
     * What went wrong, in words.
     */
    | { readonly tag: "failed"; readonly val: string }

  /**
   * The text of a file such as `notes:/public/menu.txt`.
   * @throws Error
   */
  export function read(path: string): string
}

/**
 * Runs the text of a tool.
 */
declare module "acme:tools/runner@1.0.0" {
  /**
   * Runs the text of a tool.
   */
  export interface Runner {
    /**
     * Gives what the tool returns, as text, or what it failed with. The text of a
     * tool is the body of a JavaScript function of `input` and `files`.
     * @throws string
     */
    run(tool: string, input: string): string
  }
}

declare module "acme:tools/plugin@1.0.0" {
  export type { Runner } from "acme:tools/runner@1.0.0"

  /** Everything that the guest has to export. */
  export interface Exports {
    readonly runner: import("acme:tools/runner@1.0.0").Runner
  }
}
