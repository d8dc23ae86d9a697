#!/usr/bin/env python3
"""How many steps a second EnvPool and Gymnasium's array version take, with random actions; a line of JSON for each.

    VENV/bin/python Scripts/peers/environment_bench.py [--seconds S] [--only WORD]

EnvPool steps 1,024 environments, in step and in parts of 256 and 512 (asynchronously), with one and two threads; the
best counts. Actions are drawn before. Gymnasium's array version exists of CartPole only, at 1,024 and 8,192
environments. Needs envpool, gymnasium and numpy.
"""
import argparse
import json
import time

import envpool
import gymnasium
import numpy as np

NAMES = ["CartPole-v1", "MountainCar-v0", "Acrobot-v1", "Pendulum-v1"]


def measured(seconds, step):
    """Steps a second of calls that say how many they took."""
    for _ in range(3):
        step()
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        count += step()
    return count / (time.perf_counter() - start)


def pool(name, batch, threads, seconds):
    environments = envpool.make_gymnasium(name, num_envs=1024, batch_size=batch, num_threads=threads, seed=1)
    space = environments.action_space
    rng = np.random.default_rng(0)
    isDiscrete = hasattr(space, "n")
    drawn = [rng.integers(0, space.n, batch).astype(np.int32) if isDiscrete
             else rng.uniform(-2, 2, (batch, 1)).astype(np.float32) for _ in range(16)]
    state = {"turn": 0}
    if batch == 1024:
        environments.reset()

        def step():
            environments.step(drawn[state["turn"] % 16])
            state["turn"] += 1
            return batch
    else:
        environments.async_reset()

        def step():
            found = environments.recv()
            environments.send(drawn[state["turn"] % 16], found[-1]["env_id"])
            state["turn"] += 1
            return batch
    return measured(seconds, step)


def arrays(count, seconds):
    environments = gymnasium.make_vec("CartPole-v1", num_envs=count, vectorization_mode="vector_entry_point")
    environments.reset(seed=0)
    drawn = [np.random.default_rng(i).integers(0, 2, count) for i in range(16)]
    state = {"turn": 0}

    def step():
        environments.step(drawn[state["turn"] % 16])
        state["turn"] += 1
        return count
    return measured(seconds, step)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    for name in NAMES:
        if options.only.lower() not in name.lower():
            continue
        rates = {(batch, threads): pool(name, batch, threads, options.seconds)
                 for batch in (1024, 512, 256) for threads in (1, 2)}
        best = max(rates, key=rates.get)
        print(json.dumps({"peer": "envpool", "environment": name, "count": 1024, "rate": rates[best],
                          "batch": best[0], "threads": best[1]}), flush=True)
        if name == "CartPole-v1":
            for count in (1024, 8192):
                print(json.dumps({"peer": "gymnasium", "environment": name, "count": count,
                                  "rate": arrays(count, options.seconds)}), flush=True)


if __name__ == "__main__":
    main()
