import * as ApprovalStore from "airssys/security/ApprovalStore"
import * as ApprovalsTest from "airssys/testing/ApprovalsTest"

ApprovalsTest.suite("memory", () => ApprovalStore.layerMemory)
