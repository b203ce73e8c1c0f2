import * as ApprovalStore from "airssys/security/ApprovalStore"
import * as ApprovalStoreTest from "airssys/testing/ApprovalStoreTest"

ApprovalStoreTest.suite("memory", () => ApprovalStore.layerMemory)
