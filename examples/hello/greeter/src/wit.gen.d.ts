// Generated from acme:greeter/plugin@1.0.0 by airssys. Do not edit.
// dprint-ignore-file

/**
 * Greets people.
 */
declare module "acme:greeter/greeter@1.0.0" {
  /**
   * Greets people.
   */
  export interface Greeter {
    /**
     * One line that greets `name`.
     */
    greet(name: string): string
  }
}

/**
 * The plugin: imports nothing, so there is nothing to grant.
 */
declare module "acme:greeter/plugin@1.0.0" {
  export type { Greeter } from "acme:greeter/greeter@1.0.0"

  /** Everything that the guest has to export. */
  export interface Exports {
    readonly greeter: import("acme:greeter/greeter@1.0.0").Greeter
  }
}
