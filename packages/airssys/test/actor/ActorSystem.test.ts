import * as ActorSystem from "airssys/actor/ActorSystem"
import * as ActorSystemTest from "airssys/testing/ActorSystemTest"

ActorSystemTest.suite("layerTest", ActorSystem.layerTest)
ActorSystemTest.suite("layer", ActorSystem.layer)
