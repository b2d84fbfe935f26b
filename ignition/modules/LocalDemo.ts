import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { MIDDLE } from "@wattline/sdk/deals";
import Wattline from "./Wattline.ts";

/** A thousand Test Euros for each demo account, in millionths. */
const POCKET_MONEY = 1_000_000_000n;
/** The accounts of a local chain that get it: operator, DSO, and the first three households. */
const DEMO_ACCOUNTS = [0, 1, 2, 3, 4];

/**
 * For local chains only: a play currency that anyone can mint, a microgrid that account 0 operates with account 1 as
 * DSO, and demo accounts with money.
 */
export default buildModule("LocalDemo", (m) => {
  const { marketplace, microgrids, meters, energy, board } = m.useModule(Wattline);
  const euro = m.contract("TestEuro");
  const charter = {
    name: m.getParameter("name", "Sunny Lane"),
    latitudeTenths: m.getParameter("latitudeTenths", 513),
    longitudeTenths: m.getParameter("longitudeTenths", 95),
    currency: euro,
    slotSeconds: m.getParameter("slotSeconds", 900),
    reportingDeadline: m.getParameter("reportingDeadline", 86_400),
    utcOffsetMinutes: m.getParameter("utcOffsetMinutes", 60),
  };
  const level = {
    price: m.getParameter("price", MIDDLE),
    fee: m.getParameter("fee", 0n),
    cap: m.getParameter("cap", 320_000n),
    feedIn: m.getParameter("feedIn", 80_000n),
    retail: m.getParameter("retail", 320_000n),
  };
  const ration = m.getParameter("ration", 250);
  m.call(microgrids, "found", [charter, 0, [level], m.getAccount(1), ration]);
  for (const index of DEMO_ACCOUNTS) {
    m.call(euro, "mint", [m.getAccount(index), POCKET_MONEY], { id: `PocketMoney${index}` });
  }
  return { marketplace, microgrids, meters, energy, board, euro };
});
