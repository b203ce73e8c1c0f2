import * as ActorSystem from "airssys/actor/ActorSystem"
import * as ActorSystemTest from "airssys/testing/ActorSystemTest"

ActorSystemTest.suite("layerTest", ActorSystem.layerTest, { closing: "Kill" })
ActorSystemTest.suite("layer", ActorSystem.layer)
