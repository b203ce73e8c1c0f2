/**
 * Why a runtime does not do what it is asked to.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * A component with this id is running already.
 *
 * @category errors
 * @since 0.1.0
 */
export class AlreadyRunning extends Schema.TaggedError<AlreadyRunning>("airssys/RuntimeError/AlreadyRunning")(
  "AlreadyRunning",
  { component: Schema.String }
) {
  override get message(): string {
    return `${this.component} is running already, or being restarted: stop it first`
  }
}

/**
 * The runtime is being shut down, or was: it starts nothing more.
 *
 * @category errors
 * @since 0.1.0
 */
export class RuntimeStopped extends Schema.TaggedError<RuntimeStopped>("airssys/RuntimeError/RuntimeStopped")(
  "RuntimeStopped",
  { component: Schema.String }
) {
  override get message(): string {
    return `${this.component} was not started: the host is shutting down`
  }
}

/**
 * There is no client for a component: it does not run, or what runs exports
 * something else than the contract says. `detail` names the first difference.
 *
 * @category errors
 * @since 0.1.0
 */
export class ClientRefused extends Schema.TaggedError<ClientRefused>("airssys/RuntimeError/ClientRefused")(
  "ClientRefused",
  { component: Schema.String, reason: Schema.Literals(["NotRunning", "ContractMismatch"]), detail: Schema.String }
) {
  override get message(): string {
    return `${this.component}: ${this.detail}`
  }
}
