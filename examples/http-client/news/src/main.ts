import { isHostError } from "@airssys/sdk/HostError"
import * as http from "acme:news/http@1.0.0"
import type { News, NewsError } from "acme:news/plugin@1.0.0"

const get = (url: string): string => {
  try {
    return http.get(url)
  } catch (error) {
    if (!isHostError(error)) throw error
    const { tag, val } = error.payload as http.Error & { readonly val?: string }
    throw (tag === "access-denied" ? { tag } : { tag: "unavailable", val: val ?? "" }) satisfies NewsError
  }
}

export const news: News = {
  headlines: (url, most) => get(url).trimEnd().split("\n").slice(0, most)
}
