/**
 * Why a guest was stopped, read off what V8 threw.
 *
 * A module of its own, without Effect, since the threads that guests run in
 * import it.
 *
 * @since 0.1.0
 */
import * as Trap from "@airssys/engine/Trap"

/**
 * The category of a `WebAssembly.RuntimeError`, by its message.
 *
 * @category combinators
 * @since 0.1.0
 */
export const of: (message: string) => Trap.TrapCategory = Trap.categoryOf
