import { defineConfig } from "vitest/config"

const project = (name: string, include: Array<string>) => ({
  test: { name, include, testTimeout: 30_000, hookTimeout: 60_000 }
})

export default defineConfig({
  test: {
    projects: [
      ...["engine", "airssys", "engine-jco", "platform-node", "sdk", "cli"].map((name) =>
        project(name, [`packages/${name}/test/**/*.test.ts`])
      ),
      project("examples", ["examples/*/**/*.test.ts"]),
      project("wit", ["wit/test/**/*.test.ts"]),
      project("bench", ["bench/test/**/*.test.ts"]),
      project("scripts", ["scripts/*/test/**/*.test.ts"])
    ]
  }
})
