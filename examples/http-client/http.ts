/**
 * The function by which this program lets its plugins send requests.
 */
import { HostFunction, Wit } from "airssys/component"
import { HttpAccess } from "airssys/security/HttpAccess"
import { Effect } from "effect"

const failed = (val: string) => ({ tag: "failed", val }) as const

/** A plugin names a URL; what it has to be granted is the host of it. */
export const get = HostFunction.make({
  wit: "acme:news/http@1.0.0#get",
  params: { url: Wit.string },
  result: Wit.result(Wit.string, Wit.variant({ "access-denied": undefined, "failed": Wit.string }))
}, {
  requires: [HttpAccess.on(({ url }) => new URL(url).origin)],
  fuel: 100_000,
  deadline: "3 seconds",
  check: ({ url }) => URL.canParse(url) ? undefined : failed("no URL"),
  handler: ({ url }) =>
    Effect.gen(function*() {
      const { pathname, search } = new URL(url)
      const http = yield* HttpAccess
      const { bytes, status } = yield* http.request({ path: pathname + search, redirects: 3, maxBytes: 65_536 })
      return status === 200 ? new TextDecoder().decode(yield* bytes) : yield* Effect.fail(failed(`status ${status}`))
    }).pipe(
      Effect.scoped,
      Effect.catchTag("HttpError", ({ reason }) => Effect.fail(failed(reason)))
    )
})
