#!/usr/bin/env python3
"""Trains CartPole with stable-baselines3's PPO, and prints how long it took as a line of JSON.

    VENV/bin/python Scripts/peers/sb3_bench.py default|zoo [--timesteps N] [--threads N] [--seed N] [--until MEAN]

`default` are stable-baselines3's own settings, `zoo` those of rl-zoo's hyperparams/ppo.yml. With --until the time is
that of training alone until 20 deterministic episodes, played after every 2,048 steps, reach that mean.
Needs stable-baselines3 and gymnasium.
"""
import argparse
import json
import time

import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy

ZOO = {"n_steps": 32, "batch_size": 256, "gae_lambda": 0.8, "gamma": 0.98, "n_epochs": 20, "ent_coef": 0.0,
       "learning_rate": lambda left: left * 0.001, "clip_range": lambda left: left * 0.2}


class Until(BaseCallback):
    """Ends the training when episodes reach a mean; the time of those episodes does not count."""

    def __init__(self, mean, seed):
        super().__init__()
        self.mean, self.paused, self.next, self.reached = mean, 0.0, 2048, None
        self.episodes = make_vec_env("CartPole-v1", n_envs=4, seed=seed + 1000)

    def _on_step(self):
        return self.reached is None

    def _on_rollout_start(self):
        # Here the last rollout has been learned from.
        if self.num_timesteps < self.next or self.reached is not None:
            return
        self.next += 2048
        start = time.perf_counter()
        found, _ = evaluate_policy(self.model, self.episodes, n_eval_episodes=20, warn=False)
        self.paused += time.perf_counter() - start
        if found >= self.mean:
            self.reached = self.num_timesteps


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("settings", choices=["default", "zoo"])
    parser.add_argument("--timesteps", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--until", type=float)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    isZoo = options.settings == "zoo"
    environment = make_vec_env("CartPole-v1", n_envs=8 if isZoo else 1, seed=options.seed)
    model = PPO("MlpPolicy", environment, seed=options.seed, device="cpu", **(ZOO if isZoo else {}))
    callback = Until(options.until, options.seed) if options.until else None
    start = time.perf_counter()
    model.learn(options.timesteps, callback=callback)
    seconds = time.perf_counter() - start - (callback.paused if callback else 0)
    print(json.dumps({"settings": options.settings, "threads": options.threads, "seed": options.seed, "seconds": seconds,
                      "timesteps": callback.reached if callback else options.timesteps}))


if __name__ == "__main__":
    main()
