import * as ActorSystem from "airssys/actor/ActorSystem"
import * as SupervisorTest from "airssys/testing/SupervisorTest"

SupervisorTest.suite("layerTest", ActorSystem.layerTest)
