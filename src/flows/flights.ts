/** Work that is under way, once for each key, however many want its outcome. */
export interface Flights<Outcome> {
  /** What is under way. */
  get(key: string): Promise<Outcome> | undefined;
  /** What is under way, or else what `begin` begins. */
  join(key: string, begin: () => Promise<Outcome>): Promise<Outcome>;
  /** When all of it has ended, well or badly. */
  settled(): Promise<void>;
}

export function createFlights<Outcome>(): Flights<Outcome> {
  const flights = new Map<string, Promise<Outcome>>();
  return {
    get: (key) => flights.get(key),
    join(key, begin) {
      const underWay = flights.get(key);
      if (underWay !== undefined) return underWay;
      const flight = begin().finally(() => flights.delete(key));
      flights.set(key, flight);
      return flight;
    },
    async settled() {
      await Promise.allSettled(flights.values());
    },
  };
}
