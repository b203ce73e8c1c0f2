import * as StorageStore from "airssys/component/StorageStore"
import * as StorageStoreTest from "airssys/testing/StorageStoreTest"
import { Effect } from "effect"

StorageStoreTest.suite("memory", Effect.succeed({ layer: StorageStore.layerMemory, isDurable: false }))
