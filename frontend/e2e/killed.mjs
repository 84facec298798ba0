// The service is dead when the button is pressed and comes back later; the waiting app books once.
import { aboutToDeposit } from "./walking.mjs";

const { pressed } = await aboutToDeposit(process.argv[2]);
console.log("filled in");
await new Promise((resume) => process.stdin.once("data", resume));
await pressed();
process.stdin.destroy();
