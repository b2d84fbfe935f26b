import { createWorld, type MeterOf, slots, type World } from "./world.ts";

/** Jane, who has 1,000 Wh in every slot of the tests' day, Joe and Ann, who have money as she has, and nobody in particular. */
export async function neighbours(levels: Parameters<World["found"]>[0] = [{}]) {
  const world = await createWorld();
  const microgrid = await world.found(levels);
  const home = async (): Promise<MeterOf> => {
    const meter = await world.meter(await world.person(), { microgrid });
    await world.fund(meter.owner);
    return meter;
  };
  const [jane, joe, ann] = [await home(), await home(), await home()];
  const stranger = await world.person();
  return { world, microgrid, jane, joe, ann, stranger };
}

/** As {@link neighbours}, when the day is over and Jane's roof has reported it. */
export async function afterADay(levels?: Parameters<World["found"]>[0]) {
  const scene = await neighbours(levels);
  await scene.world.passSlots(96);
  await scene.world.report(scene.jane, slots(0, 96, 1_000n));
  return scene;
}

/** A chain that stands before each test as `prepare` has left it. */
export function scene<T extends { world: World }>(prepare: () => Promise<T>): () => T {
  let made: T | undefined;
  let snapshot: Awaited<ReturnType<World["networkHelpers"]["takeSnapshot"]>>;
  const get = (): T => {
    if (made === undefined) throw new Error("The scene is set before the tests run.");
    return made;
  };
  before(async () => {
    made = await prepare();
    snapshot = await made.world.networkHelpers.takeSnapshot();
  });
  beforeEach(() => snapshot.restore());
  after(() => get().world.close());
  return get;
}
