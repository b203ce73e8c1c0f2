// Generated from acme:news/plugin@1.0.0 by airssys. Do not edit.
// dprint-ignore-file

/**
 * Requests, as the program gives them to this plugin.
 */
declare module "acme:news/http@1.0.0" {
  export type Error =
    /**
     * The plugin is not granted this host, or one that it is sent on to.
     */
    | { readonly tag: "access-denied" }
    /**
     * What went wrong, in words.
     */
    | { readonly tag: "failed"; readonly val: string }

  /**
   * The body of an answer with status 200, at most 64 KiB. Redirects are followed.
   * @throws Error
   */
  export function get(url: string): string
}

/**
 * Reads what there is to read.
 */
declare module "acme:news/news@1.0.0" {
  export type NewsError =
    | { readonly tag: "access-denied" }
    | { readonly tag: "unavailable"; readonly val: string }

  /**
   * Reads what there is to read.
   */
  export interface News {
    /**
     * The first lines of a page.
     * @throws NewsError
     */
    headlines(url: string, most: number): ReadonlyArray<string>
  }
}

declare module "acme:news/plugin@1.0.0" {
  export type { News, NewsError } from "acme:news/news@1.0.0"

  /** Everything that the guest has to export. */
  export interface Exports {
    readonly news: import("acme:news/news@1.0.0").News
  }
}
