/**
 * The power to look up host names from this host.
 *
 * @since 0.1.0
 */
import * as AddressRange from "airssys/security/AddressRange"
import { NetworkResolve, NotResolved } from "airssys/security/NetworkResolve"
import * as Powers from "airssys/security/Powers"
import * as Effect from "effect/Effect"
import { type Resolve, resolveBySystem } from "./internal/httpConnect.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Gives the addresses of a name; by default the system is asked. */
  readonly resolve?: ((host: string) => Promise<ReadonlyArray<string>>) | undefined
}

const most = 16

/**
 * Source over the resolver of the options.
 *
 * @category constructors
 * @since 0.1.0
 */
export const source = (options: Options = {}): Powers.Source => {
  const resolve: Resolve = options.resolve ?? resolveBySystem
  return Powers.source(NetworkResolve, (lease) => {
    const host = lease.resource
    const look = Effect.tryPromise({
      try: () => resolve(host),
      catch: (cause) => new NotResolved({ host, cause })
    })
    return {
      addresses: lease.use(Effect.flatMap(look, (found) => {
        const known = found.filter(AddressRange.isPublic).slice(0, most)
        return known.length === 0 ? Effect.fail(new NotResolved({ host })) : Effect.succeed(known)
      }))
    }
  })
}
