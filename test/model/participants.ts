import type { Person, World } from "../support/world.ts";
import type { Participants } from "./scenarios.ts";

const DEVICES = 10;
/** What everybody has in the wallet and lets the marketplace take, base units. */
const FUNDS = 10n ** 12n;

/** The keys of the devices that scenarios register as meters. */
export const deviceKeys = (world: World) =>
  Array.from({ length: DEVICES }, (_, index) => world.keyOf(`model device ${index}`));

/** Who takes part in scenarios, each with money, on the chain and by address. */
export async function participantsIn(
  world: World,
): Promise<{ people: Person[]; participants: Participants }> {
  const named = (name: string) => world.person(name);
  const households = await Promise.all(["Jane", "Bob", "Carol", "Dave", "Erin"].map(named));
  const [delegate, settler, stranger, successor, otherDso] = await Promise.all([
    named("home agent"),
    named("settler"),
    named("stranger"),
    named("successor"),
    named("other DSO"),
  ]);
  const others = [delegate, settler, stranger, successor, otherDso, world.operator, world.dso];
  const people = [...households, ...others];
  for (const { signer, address } of people) {
    await world.euro.mint(address, FUNDS);
    await world.euro.connect(signer).approve(world.addresses.market, FUNDS);
  }
  const participants: Participants = {
    operator: world.operator.address,
    successor: successor.address,
    households: households.map(({ address }) => address),
    delegate: delegate.address,
    settler: settler.address,
    stranger: stranger.address,
    dsos: [world.dso.address, otherDso.address],
    devices: deviceKeys(world).map(({ address }) => address),
    market: world.addresses.market,
  };
  return { people, participants };
}
