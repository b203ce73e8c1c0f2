/**
 * The scenarios that are run on OTP's supervisor and on ours, as data.
 *
 * The matrix crosses restart types, exits, strategies and what was pending. The
 * edges follow OTP's own `supervisor_SUITE`.
 */

export interface Child {
  readonly id: string
  readonly restart?: "permanent" | "transient" | "temporary"
  readonly significant?: boolean
  /** Milliseconds to stop in. Default: 5000. */
  readonly shutdown?: "brutal" | "infinity" | number
  /** The starts that fail, counted from 1. */
  readonly "fails-at"?: ReadonlyArray<number>
  /** From this start on all fail. */
  readonly "fails-from"?: number
}

export interface Supervisor {
  readonly id: string
  readonly strategy?: "one_for_one" | "one_for_all" | "rest_for_one" | "simple_one_for_one"
  readonly restarts: number
  /** Seconds. */
  readonly within: number
  readonly auto?: "never" | "any_significant" | "all_significant"
  readonly restart?: Child["restart"]
  readonly significant?: boolean
  readonly children?: ReadonlyArray<Child | Supervisor>
  /** Of dynamic children; its id is not used. */
  readonly template?: Child
}

export type Exit = "normal" | "shutdown" | "abnormal" | "killed" | "defect"

export type Pending = "waiting" | "ask" | "timer" | "stash" | "watcher" | "name" | "subscription"

/** `sup` is the id of a supervisor, `root` for the outermost. */
export type Step =
  | readonly ["exit", id: string, how: Exit]
  /** Links two children. */
  | readonly ["link", id: string, other: string]
  /** An exit of a child that is restarted without end; starts and ends are not written down from here on. */
  | readonly ["loop", id: string, how: Exit]
  /** Waits for the second of the clock by which restarts are counted. */
  | readonly ["align"]
  | readonly ["elapse", seconds: number]
  /** From here on the child does not stop, or takes 50 ms to. */
  | readonly ["hang" | "slow", id: string]
  | readonly ["stop"]
  | readonly ["start", sup: string, child: Child | Supervisor]
  | readonly ["start-dynamic" | "terminate-dynamic", sup: string, id: string]
  | readonly ["terminate" | "restart" | "delete", sup: string, id: string]
  | readonly ["which" | "count", sup: string]
  /** Not written down one by one, from here to `show`. */
  | readonly ["start-many", sup: string, child: Child, from: number, to: number]
  | readonly ["start-many-dynamic", sup: string, id: string, from: number, to: number]
  | readonly ["exit-many", id: string, from: number, to: number, how: Exit]
  | readonly ["show"]

export interface Scenario {
  readonly name: string
  readonly supervisor: Supervisor
  readonly steps: ReadonlyArray<Step>
  readonly pending?: Pending
}

const restarts = ["permanent", "transient", "temporary"] as const
const exits: ReadonlyArray<Exit> = ["normal", "shutdown", "abnormal", "killed", "defect"]
const strategies = ["one_for_one", "one_for_all", "rest_for_one"] as const
const pendings: ReadonlyArray<Pending | undefined> = [
  undefined,
  "waiting",
  "ask",
  "timer",
  "stash",
  "watcher",
  "name",
  "subscription"
]

const root = (options: Omit<Supervisor, "id" | "restarts" | "within"> & Partial<Supervisor>): Supervisor => ({
  id: "root",
  restarts: 5,
  within: 3600,
  ...options
})

const matrix: ReadonlyArray<Scenario> = restarts.flatMap((restart) =>
  exits.flatMap((how) =>
    strategies.flatMap((strategy) =>
      pendings.map((pending) => {
        // A busy child is not to wait for its shutdown time.
        const shutdown = pending === "waiting" ? { shutdown: "brutal" as const } : {}
        return {
          name: `${restart} ${how} ${strategy}${pending === undefined ? "" : ` ${pending}`}`,
          supervisor: root({
            strategy,
            children: [{ id: "a", ...shutdown }, { id: "b", restart, ...shutdown }, { id: "c", ...shutdown }]
          }),
          ...(pending === undefined ? {} : { pending }),
          steps: [["exit", "b", how]] as const
        }
      })
    )
  )
)

const abc = (b: Partial<Child> = {}, others: Partial<Child> = {}): ReadonlyArray<Child> => [
  { id: "a", ...others },
  { id: "b", ...b },
  { id: "c", ...others }
]

const perStrategy = (make: (strategy: typeof strategies[number]) => Scenario): ReadonlyArray<Scenario> =>
  strategies.map((strategy) => {
    const scenario = make(strategy)
    return { ...scenario, name: `${scenario.name} ${strategy}` }
  })

const failures: ReadonlyArray<Scenario> = [
  ...["a", "b", "c"].map((failing): Scenario => ({
    name: `start fails at ${failing}`,
    supervisor: root({
      children: ["a", "b", "c"].map((id) => id === failing ? { id, "fails-at": [1] } : { id })
    }),
    steps: []
  })),
  {
    name: "start fails below another supervisor",
    supervisor: root({
      children: [
        { id: "a" },
        root({ id: "below", children: [{ id: "b" }, { id: "c", "fails-at": [1] }] }),
        { id: "d" }
      ]
    }),
    steps: []
  },
  ...perStrategy((strategy) => ({
    name: "restart fails once",
    supervisor: root({ strategy, children: abc({ "fails-at": [2] }) }),
    steps: [["exit", "b", "abnormal"]]
  })),
  ...perStrategy((strategy) => ({
    name: "restart fails three times",
    supervisor: root({ strategy, children: abc({ "fails-at": [2, 3, 4] }) }),
    steps: [["exit", "b", "abnormal"]]
  })),
  ...perStrategy((strategy) => ({
    name: "restart of a later sibling fails once",
    supervisor: root({ strategy, children: [{ id: "a" }, { id: "b" }, { id: "c", "fails-at": [2] }, { id: "d" }] }),
    steps: [["exit", "b", "abnormal"]]
  })),
  ...perStrategy((strategy) => ({
    name: "restart of the first sibling fails once",
    supervisor: root({ strategy, children: [{ id: "a", "fails-at": [2] }, { id: "b" }, { id: "c" }] }),
    steps: [["exit", "b", "abnormal"]]
  })),
  ...perStrategy((strategy) => ({
    name: "restart fails for ever",
    supervisor: root({ strategy, restarts: 3, children: abc({ "fails-from": 2 }) }),
    steps: [["exit", "b", "abnormal"]]
  })),
  ...perStrategy((strategy) => ({
    name: "a transient child fails to start again",
    supervisor: root({ strategy, children: abc({ restart: "transient", "fails-at": [2] }) }),
    steps: [["exit", "b", "abnormal"]]
  }))
]

const intensity: ReadonlyArray<Scenario> = [
  ...perStrategy((strategy) => ({
    name: "no restart is allowed",
    supervisor: root({ strategy, restarts: 0, within: 1, children: abc() }),
    steps: [["exit", "b", "abnormal"]]
  })),
  ...perStrategy((strategy) => ({
    name: "as many restarts as are allowed",
    supervisor: root({ strategy, restarts: 2, children: abc() }),
    steps: [["exit", "b", "abnormal"], ["exit", "b", "abnormal"]]
  })),
  ...perStrategy((strategy) => ({
    name: "one restart more than is allowed",
    supervisor: root({ strategy, restarts: 2, children: abc() }),
    steps: [["exit", "b", "abnormal"], ["exit", "b", "abnormal"], ["exit", "b", "abnormal"]]
  })),
  {
    name: "restarts of different children count together",
    supervisor: root({ restarts: 2, children: abc() }),
    steps: [["exit", "a", "abnormal"], ["exit", "b", "killed"], ["exit", "c", "normal"]]
  },
  {
    name: "a permanent child that keeps ending in order",
    supervisor: root({ restarts: 2, children: abc() }),
    steps: [["exit", "b", "normal"], ["exit", "b", "normal"], ["exit", "b", "normal"]]
  },
  {
    name: "the last of the seconds within counts",
    supervisor: root({ restarts: 1, within: 2, children: abc() }),
    steps: [["align"], ["exit", "b", "abnormal"], ["elapse", 2], ["exit", "b", "abnormal"]]
  },
  {
    name: "the second after the last one does not count",
    supervisor: root({ restarts: 1, within: 2, children: abc() }),
    steps: [["align"], ["exit", "b", "abnormal"], ["elapse", 3], ["exit", "b", "abnormal"]]
  },
  {
    name: "the window slides",
    supervisor: root({ restarts: 2, within: 2, children: abc() }),
    steps: [
      ["align"],
      ["exit", "a", "abnormal"],
      ["elapse", 2],
      ["exit", "b", "abnormal"],
      ["elapse", 1],
      ["exit", "c", "abnormal"],
      ["elapse", 1],
      ["exit", "a", "abnormal"]
    ]
  },
  {
    name: "a child that ends for good does not count",
    supervisor: root({ restarts: 0, children: abc({ restart: "temporary" }, { restart: "transient" }) }),
    steps: [["exit", "b", "abnormal"], ["exit", "a", "normal"], ["exit", "c", "shutdown"]]
  }
]

const stopping: ReadonlyArray<Scenario> = [
  {
    name: "stops in reverse",
    supervisor: root({ children: abc() }),
    steps: [["stop"]]
  },
  {
    name: "stops a tree, leaves first",
    supervisor: root({
      children: [{ id: "a" }, root({ id: "below", children: [{ id: "b" }, { id: "c" }] }), { id: "d" }]
    }),
    steps: [["stop"]]
  },
  {
    name: "kills after the shutdown time",
    supervisor: root({ children: abc({ shutdown: 40 }) }),
    steps: [["hang", "b"], ["stop"]]
  },
  {
    name: "waits less than the shutdown time for a slow child",
    supervisor: root({ children: abc({ shutdown: 5000 }) }),
    steps: [["slow", "b"], ["stop"]]
  },
  {
    name: "waits without end for a slow child",
    supervisor: root({ children: abc({ shutdown: "infinity" }) }),
    steps: [["slow", "b"], ["stop"]]
  },
  {
    name: "kills at once",
    supervisor: root({ children: abc({ shutdown: "brutal" }) }),
    steps: [["stop"]]
  },
  {
    name: "kills a child that hangs at once",
    supervisor: root({ children: abc({ shutdown: "brutal" }) }),
    steps: [["hang", "b"], ["stop"]]
  },
  {
    name: "terminates a child after its shutdown time",
    supervisor: root({ children: abc({ shutdown: 40 }) }),
    steps: [["hang", "b"], ["terminate", "root", "b"], ["which", "root"]]
  },
  {
    name: "a sibling that hangs is killed before all are restarted",
    supervisor: root({ strategy: "one_for_all", children: [{ id: "a", shutdown: 40 }, { id: "b" }, { id: "c" }] }),
    steps: [["hang", "a"], ["exit", "b", "abnormal"]]
  },
  {
    name: "a slow sibling stops in its time before the rest is restarted",
    supervisor: root({ strategy: "rest_for_one", children: [{ id: "a" }, { id: "b" }, { id: "c", shutdown: 5000 }] }),
    steps: [["slow", "c"], ["exit", "b", "abnormal"]]
  }
]

const siblings: ReadonlyArray<Scenario> = [
  ...perStrategy((strategy) => ({
    name: "a transient sibling is gone",
    supervisor: root({
      strategy,
      children: [{ id: "a", restart: "transient" }, { id: "b" }, { id: "c", restart: "transient" }]
    }),
    steps: [["exit", "a", "normal"], ["exit", "c", "shutdown"], ["exit", "b", "abnormal"], ["which", "root"]]
  })),
  ...perStrategy((strategy) => ({
    name: "a sibling was terminated",
    supervisor: root({ strategy, children: abc() }),
    steps: [["terminate", "root", "a"], ["terminate", "root", "c"], ["exit", "b", "abnormal"], ["which", "root"]]
  })),
  ...perStrategy((strategy) => ({
    name: "temporary siblings",
    supervisor: root({ strategy, children: abc({}, { restart: "temporary" }) }),
    steps: [["exit", "b", "abnormal"], ["which", "root"]]
  })),
  ...perStrategy((strategy) => ({
    name: "one after the other crashes",
    supervisor: root({ strategy, children: abc() }),
    steps: [["exit", "c", "abnormal"], ["exit", "a", "abnormal"], ["exit", "b", "killed"]]
  })),
  ...perStrategy((strategy) => ({
    name: "with a child that was started later",
    supervisor: root({ strategy, children: abc() }),
    steps: [["start", "root", { id: "d" }], ["exit", "b", "abnormal"], ["exit", "d", "abnormal"], ["which", "root"]]
  })),
  ...perStrategy((strategy) => ({
    name: "the last one crashes",
    supervisor: root({ strategy, children: abc() }),
    steps: [["exit", "c", "abnormal"]]
  })),
  ...perStrategy((strategy) => ({
    name: "the first one crashes",
    supervisor: root({ strategy, children: abc() }),
    steps: [["exit", "a", "abnormal"]]
  }))
]

const links: ReadonlyArray<Scenario> = (["normal", "abnormal"] as const).flatMap((how) =>
  ([["b", "c"], ["b", "a"]] as const).flatMap(([id, other]) =>
    perStrategy((strategy) => ({
      name: `linked to ${other}, ${how}`,
      supervisor: root({ strategy, children: abc() }),
      steps: [["link", id, other], ["exit", id, how]]
    }))
  )
)

const control: ReadonlyArray<Scenario> = [
  {
    name: "a child that is restarted without end",
    supervisor: root({ restarts: 1_000_000, children: abc({ "fails-from": 2 }) }),
    steps: [
      ["loop", "b", "abnormal"],
      ["which", "root"],
      ["count", "root"],
      ["restart", "root", "b"],
      ["delete", "root", "b"],
      ["start", "root", { id: "b" }],
      ["terminate", "root", "b"],
      ["which", "root"],
      ["restart", "root", "b"],
      ["delete", "root", "b"],
      ["which", "root"]
    ]
  },
  {
    name: "start, terminate, restart, delete",
    supervisor: root({ children: abc() }),
    steps: [
      ["start", "root", { id: "d" }],
      ["start", "root", { id: "d" }],
      ["delete", "root", "d"],
      ["restart", "root", "d"],
      ["terminate", "root", "d"],
      ["terminate", "root", "d"],
      ["start", "root", { id: "d" }],
      ["count", "root"],
      ["restart", "root", "d"],
      ["which", "root"],
      ["terminate", "root", "d"],
      ["delete", "root", "d"],
      ["delete", "root", "d"],
      ["restart", "root", "d"],
      ["terminate", "root", "d"],
      ["start", "root", { id: "d" }],
      ["count", "root"]
    ]
  },
  {
    name: "a terminated child keeps its place",
    supervisor: root({ strategy: "rest_for_one", children: abc() }),
    steps: [
      ["terminate", "root", "b"],
      ["which", "root"],
      ["restart", "root", "b"],
      ["which", "root"],
      ["exit", "b", "abnormal"],
      ["stop"]
    ]
  },
  {
    name: "a terminated temporary child leaves",
    supervisor: root({ children: abc({ restart: "temporary" }) }),
    steps: [["terminate", "root", "b"], ["which", "root"], ["restart", "root", "b"], ["delete", "root", "b"]]
  },
  {
    name: "a transient child that ended in order keeps its place",
    supervisor: root({ children: abc({ restart: "transient" }) }),
    steps: [
      ["exit", "b", "normal"],
      ["which", "root"],
      ["start", "root", { id: "b" }],
      ["restart", "root", "b"],
      ["which", "root"]
    ]
  },
  {
    name: "a started child that fails is not kept",
    supervisor: root({ children: abc() }),
    steps: [["start", "root", { id: "d", "fails-at": [1] }], ["which", "root"], ["start", "root", {
      id: "d",
      "fails-at": [1]
    }]]
  },
  {
    name: "a child that fails to be restarted by hand stays ended",
    supervisor: root({ children: abc({ "fails-at": [2] }) }),
    steps: [["terminate", "root", "b"], ["restart", "root", "b"], ["which", "root"], ["restart", "root", "b"], [
      "which",
      "root"
    ]]
  },
  {
    name: "counts supervisors and workers",
    supervisor: root({
      children: [{ id: "a" }, root({ id: "below", children: [{ id: "b" }] }), { id: "c", restart: "transient" }]
    }),
    steps: [["count", "root"], ["exit", "c", "normal"], ["count", "root"], ["terminate", "root", "below"], [
      "count",
      "root"
    ]]
  }
]

const significance: ReadonlyArray<Scenario> = [
  ...(["any_significant", "all_significant"] as const).flatMap((auto) =>
    (["transient", "temporary"] as const).flatMap((restart) =>
      exits.map((how): Scenario => ({
        name: `${auto} ${restart} ${how}`,
        supervisor: root({
          auto,
          children: [{ id: "a" }, { id: "b", restart, significant: true }, { id: "c", restart, significant: true }]
        }),
        steps: [["exit", "b", how]]
      }))
    )
  ),
  ...(["any_significant", "all_significant"] as const).flatMap((auto): ReadonlyArray<Scenario> => [
    {
      name: `${auto} both, one after the other`,
      supervisor: root({
        auto,
        children: [
          { id: "a" },
          { id: "b", restart: "transient", significant: true },
          { id: "c", restart: "temporary", significant: true }
        ]
      }),
      steps: auto === "any_significant"
        ? [["exit", "c", "abnormal"]]
        : [["exit", "c", "abnormal"], ["exit", "b", "normal"]]
    },
    {
      name: `${auto} not by termination`,
      supervisor: root({
        auto,
        children: [{ id: "a" }, { id: "b", restart: "transient", significant: true }]
      }),
      steps: [["terminate", "root", "b"], ["which", "root"]]
    },
    {
      name: `${auto} not by the end of one that is not significant`,
      supervisor: root({
        auto,
        children: [{ id: "a", restart: "transient" }, { id: "b", restart: "transient", significant: true }]
      }),
      steps: [["exit", "a", "normal"], ["which", "root"]]
    },
    {
      name: `${auto} restarted while it crashes`,
      supervisor: root({
        auto,
        strategy: "one_for_all",
        children: [{ id: "a" }, { id: "b", restart: "transient", significant: true }]
      }),
      steps: [["exit", "b", "abnormal"], ["exit", "a", "abnormal"], ["which", "root"]]
    },
    {
      name: `${auto} goes up through a significant supervisor`,
      supervisor: root({
        auto,
        children: [
          { id: "a" },
          root({
            id: "below",
            auto,
            restart: "transient",
            significant: true,
            children: [{ id: "b", restart: "transient", significant: true }, { id: "c" }]
          })
        ]
      }),
      steps: [["exit", "b", "normal"]]
    },
    {
      name: `${auto} below a permanent place`,
      supervisor: root({
        children: [
          { id: "a" },
          root({ id: "below", auto, children: [{ id: "b", restart: "transient", significant: true }, { id: "c" }] })
        ]
      }),
      steps: [["exit", "b", "normal"]]
    }
  ]),
  {
    name: "all_significant with one that was terminated",
    supervisor: root({
      auto: "all_significant",
      children: [
        { id: "a" },
        { id: "b", restart: "transient", significant: true },
        { id: "c", restart: "transient", significant: true }
      ]
    }),
    steps: [["terminate", "root", "b"], ["exit", "c", "normal"]]
  }
]

const trees: ReadonlyArray<Scenario> = [
  ...restarts.map((restart): Scenario => ({
    name: `a ${restart} supervisor gives up`,
    supervisor: root({
      children: [
        { id: "a" },
        root({ id: "below", restart, restarts: 1, children: [{ id: "b" }, { id: "c" }] }),
        { id: "d" }
      ]
    }),
    steps: [["exit", "b", "abnormal"], ["exit", "b", "abnormal"], ["which", "root"]]
  })),
  ...perStrategy((strategy) => ({
    name: "a supervisor gives up to one that is",
    supervisor: root({
      strategy,
      children: [
        { id: "a" },
        root({ id: "below", restarts: 0, children: [{ id: "b" }, { id: "c" }] }),
        { id: "d" }
      ]
    }),
    steps: [["exit", "c", "abnormal"], ["exit", "b", "killed"]]
  })),
  ...perStrategy((strategy) => ({
    name: "a sibling of a supervisor crashes below one that is",
    supervisor: root({
      strategy,
      children: [
        { id: "a" },
        root({ id: "below", children: [{ id: "b" }, { id: "c" }] }),
        { id: "d" }
      ]
    }),
    steps: [["exit", "a", "abnormal"], ["exit", "d", "abnormal"]]
  })),
  {
    name: "gives up through three levels",
    supervisor: root({
      restarts: 1,
      children: [
        { id: "a" },
        root({
          id: "middle",
          restarts: 1,
          children: [{ id: "b" }, root({ id: "inner", restarts: 1, children: [{ id: "c" }, { id: "d" }] })]
        })
      ]
    }),
    steps: Array.from({ length: 8 }, () => ["exit", "c", "abnormal"] as const)
  },
  {
    name: "children that were started later are gone after a restart of their supervisor",
    supervisor: root({
      children: [{ id: "a" }, root({ id: "below", restarts: 0, children: [{ id: "b" }] })]
    }),
    steps: [
      ["start", "below", { id: "c" }],
      ["which", "below"],
      ["exit", "b", "abnormal"],
      ["which", "below"]
    ]
  },
  {
    name: "children that had ended are there again after a restart of their supervisor",
    supervisor: root({
      children: [
        root({
          id: "below",
          restarts: 0,
          children: [
            { id: "a", restart: "transient" },
            { id: "b" },
            { id: "c", restart: "temporary" },
            { id: "d" }
          ]
        })
      ]
    }),
    steps: [
      ["exit", "a", "normal"],
      ["exit", "c", "abnormal"],
      ["terminate", "below", "d"],
      ["exit", "b", "abnormal"],
      ["which", "below"]
    ]
  },
  {
    name: "a supervisor that fails to start again",
    supervisor: root({
      children: [{ id: "a" }, root({ id: "below", restarts: 0, children: [{ id: "b" }, { id: "c", "fails-at": [2] }] })]
    }),
    steps: [["exit", "b", "abnormal"], ["which", "below"]]
  },
  {
    name: "a supervisor that never starts again",
    supervisor: root({
      restarts: 2,
      children: [{ id: "a" }, root({ id: "below", restarts: 0, children: [{ id: "b" }, { id: "c", "fails-from": 2 }] })]
    }),
    steps: [["exit", "b", "abnormal"]]
  },
  {
    name: "a supervisor that is terminated and restarted by hand",
    supervisor: root({
      children: [{ id: "a" }, root({ id: "below", children: [{ id: "b" }, { id: "c" }] })]
    }),
    steps: [["terminate", "root", "below"], ["which", "root"], ["restart", "root", "below"], ["which", "below"]]
  }
]

const dynamic = (template: Partial<Child>, options: Partial<Supervisor> = {}): Supervisor => ({
  id: "root",
  strategy: "simple_one_for_one",
  restarts: 5,
  within: 3600,
  template: { id: "template", ...template },
  ...options
})

const dynamics: ReadonlyArray<Scenario> = [
  ...restarts.flatMap((restart) =>
    exits.map((how): Scenario => ({
      name: `dynamic ${restart} ${how}`,
      supervisor: dynamic({ restart }),
      steps: [
        ["start-dynamic", "root", "a"],
        ["start-dynamic", "root", "b"],
        ["exit", "a", how],
        ["count", "root"]
      ]
    }))
  ),
  {
    name: "dynamic terminate",
    supervisor: dynamic({}),
    steps: [
      ["start-dynamic", "root", "a"],
      ["start-dynamic", "root", "b"],
      ["terminate-dynamic", "root", "a"],
      ["count", "root"],
      ["start-dynamic", "root", "a"],
      ["count", "root"]
    ]
  },
  {
    name: "dynamic start fails",
    supervisor: dynamic({ "fails-at": [1] }),
    steps: [["start-dynamic", "root", "a"], ["count", "root"], ["start-dynamic", "root", "a"], ["count", "root"]]
  },
  {
    name: "dynamic restart fails",
    supervisor: dynamic({ "fails-at": [2, 3] }),
    steps: [["start-dynamic", "root", "a"], ["exit", "a", "abnormal"], ["count", "root"]]
  },
  {
    name: "dynamic gives up",
    supervisor: dynamic({}, { restarts: 1 }),
    steps: [["start-dynamic", "root", "a"], ["exit", "a", "abnormal"], ["exit", "a", "abnormal"]]
  },
  {
    name: "dynamic below a supervisor that restarts it empty",
    supervisor: root({
      children: [{ id: "x" }, dynamic({}, { id: "below", restarts: 0 })]
    }),
    steps: [["start-dynamic", "below", "a"], ["exit", "a", "abnormal"], ["count", "below"]]
  },
  ...(["any_significant", "all_significant"] as const).map((auto): Scenario => ({
    name: `dynamic ${auto}`,
    supervisor: dynamic({ restart: "temporary", significant: true }, { auto }),
    steps: auto === "any_significant"
      ? [["start-dynamic", "root", "a"], ["exit", "a", "normal"]]
      : [
        ["start-dynamic", "root", "a"],
        ["start-dynamic", "root", "b"],
        ["exit", "a", "normal"],
        ["count", "root"],
        ["exit", "b", "normal"]
      ]
  }))
]

const many: ReadonlyArray<Scenario> = [
  ...exits.map((how): Scenario => ({
    name: `many temporary children, ${how}`,
    supervisor: root({ restarts: 0, children: abc() }),
    steps: [
      ["start-many", "root", { id: "t", restart: "temporary" }, 1, 300],
      ["count", "root"],
      ["exit-many", "t", 1, 299, how],
      ["show"],
      ["count", "root"]
    ]
  })),
  {
    name: "many temporary children are not restarted with the others",
    supervisor: root({ strategy: "one_for_all", children: abc() }),
    steps: [
      ["start-many", "root", { id: "t", restart: "temporary" }, 1, 300],
      ["show"],
      ["count", "root"],
      ["terminate", "root", "t300"],
      ["exit-many", "t", 1, 299, "normal"],
      ["show"],
      ["exit", "b", "abnormal"],
      ["count", "root"]
    ]
  },
  {
    name: "many dynamic children",
    supervisor: dynamic({ restart: "transient" }, { restarts: 300 }),
    steps: [
      ["start-many-dynamic", "root", "t", 1, 300],
      ["exit-many", "t", 1, 100, "normal"],
      ["exit-many", "t", 101, 200, "abnormal"],
      ["count", "root"],
      ["exit-many", "t", 101, 299, "shutdown"],
      ["show"],
      ["count", "root"]
    ]
  }
]

export const scenarios: ReadonlyArray<Scenario> = [
  ...matrix,
  ...failures,
  ...intensity,
  ...stopping,
  ...siblings,
  ...links,
  ...control,
  ...significance,
  ...trees,
  ...dynamics,
  ...many
]
