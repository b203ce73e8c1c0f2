import * as ComponentEngine from "../../src/component/ComponentEngine.ts"
import * as ComponentEngineTest from "../../src/testing/ComponentEngineTest.ts"
import { build } from "./support/contractGuest.ts"

ComponentEngineTest.suite("airssys", ComponentEngine.layer, build)
