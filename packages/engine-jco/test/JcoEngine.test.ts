import * as NodeWorkerHost from "@airssys/platform-node/NodeWorkerHost"
import * as ComponentEngineTest from "airssys/testing/ComponentEngineTest"
import { Layer } from "effect"
import { build } from "../../airssys/test/component/support/contractGuest.ts"
import * as JcoEngine from "../src/JcoEngine.ts"

const engine = JcoEngine.layer.pipe(Layer.provide(NodeWorkerHost.layer))

ComponentEngineTest.suite("jco", engine, build)
