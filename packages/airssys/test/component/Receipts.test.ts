import * as ReceiptStore from "airssys/component/ReceiptStore"
import * as ReceiptsTest from "airssys/testing/ReceiptsTest"
import { Effect } from "effect"

ReceiptsTest.suite("memory", Effect.succeed({ layer: ReceiptStore.layerMemory, isDurable: false }))
