import * as NodeWorkerHost from "@airssys/platform-node/NodeWorkerHost"
import * as ComponentEngineTest from "airssys/testing/ComponentEngineTest"
import { Layer } from "effect"
import * as JcoEngine from "../src/JcoEngine.ts"
import { build } from "./contractGuest.ts"

const engine = JcoEngine.layer.pipe(Layer.provide(NodeWorkerHost.layer))

ComponentEngineTest.suite("jco", engine, build)
