#!/usr/bin/env python3
"""Trains the article's GAN or DCGAN in plain PyTorch: the peer whose samples ours are compared with.

    python3 Scripts/peers/torch_gan.py gan|dcgan --data FOLDER --steps N --seed S --out DIR

FOLDER holds train-images-idx3-ubyte.gz. The steps are those of `aigc train`: batches of 64 in shuffled
order, the last incomplete one left out; values in -1 to 1; DCGAN pads 28 to 32 pixels with -1; Adam with rate
2e-4 and betas 0.5 and 0.999; the discriminator's step on real and generated images, then the generator's on
the same generated ones. DCGAN starts from N(0, 0.02) (Radford et al. 2016), GAN from PyTorch's own
initialisation. DIR/generator.pth is the state_dict, for `aigc convert DIR/generator.pth --family dcgan`.
Needs: torch, numpy.
"""
import argparse, gzip, os, time
import numpy, torch, torch.nn as nn, torch.nn.functional as F


class Net(nn.Module):
    """`model.N.…` are the article's names."""
    def __init__(self, layers):
        super().__init__()
        self.model = nn.Sequential(*layers)
    def forward(self, x):
        return self.model(x)


def gan():
    generator = Net([nn.Linear(100, 128), nn.ReLU(), nn.Linear(128, 256), nn.ReLU(), nn.Linear(256, 784), nn.Tanh()])
    discriminator = Net([nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 1)])
    return generator, discriminator


def dcgan():
    up, down = [], [nn.Conv2d(1, 128, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)]
    for index, (a, b) in enumerate([(100, 512), (512, 256), (256, 128)]):
        up += [nn.ConvTranspose2d(a, b, 4, 2 if index else 1, 1 if index else 0, bias=False), nn.BatchNorm2d(b), nn.ReLU(True)]
    up += [nn.ConvTranspose2d(128, 1, 4, 2, 1, bias=False), nn.Tanh()]
    for a, b in [(128, 256), (256, 512)]:
        down += [nn.Conv2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.LeakyReLU(0.2, True)]
    down += [nn.Conv2d(512, 1, 4, 1, 0, bias=False), nn.Flatten()]
    generator, discriminator = Net(up), Net(down)
    for net in (generator, discriminator):
        for layer in net.modules():
            if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
                nn.init.normal_(layer.weight, 0, 0.02)
            elif isinstance(layer, nn.BatchNorm2d):
                nn.init.normal_(layer.weight, 1, 0.02); nn.init.zeros_(layer.bias)
    return generator, discriminator


def images(folder, kind):
    with gzip.open(os.path.join(folder, "train-images-idx3-ubyte.gz")) as file:
        data = numpy.frombuffer(file.read(), numpy.uint8, offset=16).reshape(-1, 1, 28, 28)
    x = torch.from_numpy(data.astype(numpy.float32) / 127.5 - 1)
    return x.reshape(-1, 784) if kind == "gan" else F.pad(x, (2, 2, 2, 2), value=-1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["gan", "dcgan"]); parser.add_argument("--data", required=True)
    parser.add_argument("--steps", type=int, required=True); parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    x = images(options.data, options.kind)
    generator, discriminator = gan() if options.kind == "gan" else dcgan()
    adam = lambda net: torch.optim.Adam(net.parameters(), 2e-4, betas=(0.5, 0.999))
    g_step, d_step = adam(generator), adam(discriminator)
    shape = (64, 100) if options.kind == "gan" else (64, 100, 1, 1)
    one, zero, bce = torch.ones(64, 1), torch.zeros(64, 1), F.binary_cross_entropy_with_logits
    order, start = torch.randperm(len(x)), time.time()
    for step in range(options.steps):
        place = step % (len(x) // 64)
        if place == 0:
            order = torch.randperm(len(x))
        real = x[order[place * 64:place * 64 + 64]]
        fake = generator(torch.randn(shape))
        d_step.zero_grad(set_to_none=True)
        d_loss = bce(discriminator(real), one) + bce(discriminator(fake.detach()), zero)
        d_loss.backward(); d_step.step()
        g_step.zero_grad(set_to_none=True)
        g_loss = bce(discriminator(fake), one)
        g_loss.backward(); g_step.step()
        if (step + 1) % 100 == 0:
            print(f"{options.kind} seed {options.seed} step {step + 1} d {d_loss:.3f} g {g_loss:.3f} {time.time() - start:.0f} s", flush=True)
    os.makedirs(options.out, exist_ok=True)
    torch.save(generator.state_dict(), os.path.join(options.out, "generator.pth"))


if __name__ == "__main__":
    main()
