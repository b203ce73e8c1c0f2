/** Runs componentize-qjs in a process of its own: it evaluates the guest, which may never end. */
import type { Job, JobReply } from "./componentize.ts"

const run = async (job: Job): Promise<JobReply> => {
  const tool = await import("componentize-qjs").catch((error: unknown) => String(error))
  if (typeof tool === "string") {
    return { _tag: "NoBinding", message: tool }
  }
  try {
    const { component } = await tool.componentize({ ...job, sync: true, stubWasi: true, optSize: true })
    return { _tag: "Done", bytes: component }
  } catch (error) {
    return { _tag: "Failed", message: error instanceof Error ? error.message : String(error) }
  }
}

// Whoever asked is gone, or has the answer.
process.once("disconnect", () => process.exit())
process.once("message", (job: Job) => {
  void run(job).then((reply) => process.send?.(reply, () => process.disconnect?.()))
})
