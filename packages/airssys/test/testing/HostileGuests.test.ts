import { Layer } from "effect"
import * as ComponentEngine from "../../src/component/ComponentEngine.ts"
import * as ReleaseSource from "../../src/component/ReleaseSource.ts"
import * as Runtime from "../../src/Runtime.ts"
import * as HostileGuestsTest from "../../src/testing/HostileGuestsTest.ts"
import { component } from "../component/support/guests.ts"

HostileGuestsTest.suite("memory", {
  layer: (sources) => Layer.provide(Runtime.layer, [ComponentEngine.layer, ReleaseSource.layerMemory(sources)]),
  assemble: component
})
