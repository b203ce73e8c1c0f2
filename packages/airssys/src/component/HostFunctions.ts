/**
 * The functions that a host program gives to its guests, besides those of
 * airssys.
 *
 * ```ts
 * import { HostFunction, HostFunctions, Wit } from "airssys/component"
 * import { Capability } from "airssys/security"
 * import * as Runtime from "airssys/Runtime"
 * import { Layer } from "effect"
 *
 * const currency = HostFunction.sync({ wit: "acme:shop/shop@1.0.0#currency", params: {}, result: Wit.string }, {
 *   requires: Capability.none("prices have it anyway"),
 *   fuel: 50,
 *   handler: () => () => "EUR"
 * })
 * const layer = Runtime.layer.pipe(Layer.provide(HostFunctions.layer(currency)))
 * Layer.isLayer(layer) // => true
 * ```
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Argument from "./Argument.ts"
import type { HostFunction } from "./HostFunction.ts"
import * as bindings from "./internal/bindings.ts"

/**
 * Read when a host of components is built. None by default.
 *
 * @category references
 * @since 0.1.0
 */
export const HostFunctions: Context.Reference<ReadonlyArray<HostFunction>> = Context.Reference<
  ReadonlyArray<HostFunction>
>("airssys/component/HostFunctions", { defaultValue: () => [] })

const made = Argument.array(
  "functions, as HostFunction.make gives them",
  Argument.struct({
    interface: Argument.text("the id of an interface"),
    type: Argument.struct({ name: Argument.text("a name") })
  })
)

/**
 * Functions that a host program may serve: no two have one name, and none is of
 * the packages `airssys` and `wasi`.
 *
 * @category guards
 * @since 0.1.0
 */
export const check: Argument.Check = (given, name) =>
  made(given, name) ?? bindings.clash(given as ReadonlyArray<HostFunction>, name)

/**
 * Provides functions. Fails where two have one name, and for those of the
 * packages `airssys` and `wasi`, which are not for host programs to serve.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (...functions: ReadonlyArray<HostFunction>): Layer.Layer<never, Argument.InvalidArgument> =>
  layerEffect(Effect.succeed(functions))

/**
 * Provides functions that are made of what the host program has. Fails as
 * `layer` does.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerEffect = <E, R>(
  functions: Effect.Effect<ReadonlyArray<HostFunction>, E, R>
): Layer.Layer<never, E | Argument.InvalidArgument, R> =>
  Layer.effect(
    HostFunctions,
    Effect.flatMap(functions, (made) => Effect.fromResult(Argument.checked(check, made, "functions")))
  )
