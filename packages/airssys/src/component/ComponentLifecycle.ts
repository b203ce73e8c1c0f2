/**
 * Where a component is in its life on this host, and the steps from one state
 * to the next.
 *
 * The state is of the component, whatever number of instances it has: it runs
 * while all of them do, is degraded while some do or while it says that it does
 * not do well, and starts while none does but one is on its way. A restart goes
 * through `Starting`. Every end goes through `Stopping`, also one without
 * warning.
 *
 * @since 0.1.0
 */

/**
 * - `Installed`: it was read, checked and judged; nothing of it runs.
 * - `Starting`: an instance is being made, or waits for its restart.
 * - `Running`: it takes messages.
 * - `Degraded`: it takes messages, with less than its full function.
 * - `Stopping`: it takes no more messages.
 * - `Stopped`: it ended in order, or was killed.
 * - `Failed`: it ended by a crash, and nobody restarts it.
 * - `Quarantined`: it was taken out, because it kept failing or its approval
 *   does not hold any more. Only somebody who starts it anew brings it back.
 *
 * @category models
 * @since 0.1.0
 */
export type State =
  | "Installed"
  | "Starting"
  | "Running"
  | "Degraded"
  | "Stopping"
  | "Stopped"
  | "Failed"
  | "Quarantined"

/**
 * The legal steps.
 *
 * @category models
 * @since 0.1.0
 */
export const edges = [
  ["Installed", "Starting"],
  ["Starting", "Running"],
  ["Starting", "Degraded"],
  ["Starting", "Stopping"],
  ["Running", "Degraded"],
  ["Running", "Starting"],
  ["Running", "Stopping"],
  ["Degraded", "Running"],
  ["Degraded", "Starting"],
  ["Degraded", "Stopping"],
  ["Stopping", "Stopped"],
  ["Stopping", "Failed"],
  ["Stopping", "Quarantined"],
  ["Stopped", "Starting"],
  ["Failed", "Starting"],
  ["Quarantined", "Starting"]
] as const satisfies ReadonlyArray<readonly [State, State]>

/**
 * A legal step.
 *
 * @category models
 * @since 0.1.0
 */
export type Edge = typeof edges[number]

/**
 * A step that a component took. `because` is for people; what a guest said in
 * it is escaped and cut.
 *
 * @category models
 * @since 0.1.0
 */
export interface LifecycleEvent {
  /** `namespace:name`. */
  readonly component: string
  /** Digest of the release. */
  readonly release: string
  readonly edge: Edge
  /** In milliseconds since the epoch. */
  readonly at: number
  readonly because: string
}

/**
 * The step between two states; undefined where there is none.
 *
 * @category combinators
 * @since 0.1.0
 */
export const edge = (from: State, to: State): Edge | undefined =>
  edges.find(([one, other]) => one === from && other === to)

/**
 * Whether a component in this state has instances, or will have without
 * somebody's doing.
 *
 * @category guards
 * @since 0.1.0
 */
export const isLive = (state: State): boolean =>
  state === "Starting" || state === "Running" || state === "Degraded" || state === "Stopping"
