/** Builds the dApp once for all tests of the pages, into the folder that `WATTLINE_TEST_APP` names. */
import { buildApp } from "../../frontend/test/support/build.ts";

const { WATTLINE_TEST_APP: folder } = process.env;
if (folder === undefined) throw new Error("WATTLINE_TEST_APP must name a folder to build into.");
await buildApp(folder);
