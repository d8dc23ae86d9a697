"""What translation.py measures with: images and their files, blur, outline, L1 and SSIM, and the judging networks.

Images are tensors N x 3 x H x W in [0, 1], of the values that 8 bits can hold, as files do.
"""
import math, os, random, sys

import numpy, torch, torch.nn as nn, torch.nn.functional as F
from PIL import Image

SIDE = 64
BLUR = 1.5


def names(folder):
    found = sorted(name for name in os.listdir(folder) if name.endswith(".png"))
    return found or sys.exit("translation: no PNGs in %s" % folder)


def load(folder, which=None):
    """The images of these names, grey ones too, as RGB; all of the folder's where none are given."""
    images = []
    for name in which or names(folder):
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            sys.exit("translation: no %s: a translation has the name of its input" % path)
        with Image.open(path) as image:
            images.append(torch.from_numpy(numpy.array(image.convert("RGB"))))
    if len({image.shape for image in images}) > 1:
        sys.exit("translation: images of several sizes in %s" % folder)
    return torch.stack(images).permute(0, 3, 1, 2).float() / 255


def save(folder, which, images):
    """Images of one channel become grey files."""
    os.makedirs(folder, exist_ok=True)
    for name, image in zip(which, (images * 255).round().byte().permute(0, 2, 3, 1).numpy()):
        Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(os.path.join(folder, name))


def eight_bits(x):
    return (x.clamp(0, 1) * 255).round() / 255


def resized(x, side):
    """The mean of the area where images shrink, bilinear where they grow."""
    if x.shape[-1] == side:
        return x
    how = {"mode": "area"} if side < x.shape[-1] else {"mode": "bilinear", "align_corners": False}
    return eight_bits(F.interpolate(x, (side, side), **how))


def gaussian(sigma, radius):
    weights = torch.exp(-torch.arange(-radius, radius + 1).float() ** 2 / (2 * sigma ** 2))
    return weights / weights.sum()


def blurred(x, sigma=BLUR):
    """A Gaussian blur, cut off at three sigmas; the border's values go on outside."""
    radius, channels = math.ceil(3 * sigma), x.shape[1]
    row = gaussian(sigma, radius).repeat(channels, 1)[:, None, None]
    x = F.conv2d(F.pad(x, (radius,) * 4, mode="replicate"), row, groups=channels)
    return F.conv2d(x, row.transpose(2, 3), groups=channels)


def luminance(x):
    return (x * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)


def outline(x):
    """Dark lines on white: one less 0.75 times the magnitude of the luminance's Sobel gradient, clipped.

    At 32 pixels Noto's unchanged test images are at L1 0.308 and SSIM 0.079 of their outlines, and those blurred by
    1.5 pixels at 0.295 and 0.080.
    """
    across = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    gradient = F.conv2d(F.pad(luminance(x), (1,) * 4, mode="replicate"), torch.stack([across, across.T])[:, None])
    return eight_bits(1 - 0.75 * gradient.square().sum(1, keepdim=True).sqrt())


def l1(x, y):
    """Over three channels: an outline in colour is not right."""
    return (x - y).abs().mean().item()


def ssim(x, y):
    """The index of Wang et al. (2004) on luminance: a Gaussian window of 11 x 11, sigma 1.5, that stays inside."""
    x, y = luminance(x), luminance(y)
    window = gaussian(1.5, 5)
    mean = lambda z: F.conv2d(z, (window[:, None] * window)[None, None])
    mx, my = mean(x), mean(y)
    vx, vy, both = mean(x * x) - mx * mx, mean(y * y) - my * my, mean(x * y) - mx * my
    first, second = 0.01 ** 2, 0.03 ** 2
    return ((2 * mx * my + first) * (2 * both + second)
            / ((mx * mx + my * my + first) * (vx + vy + second))).mean().item()


class Judge(nn.Module):
    """Convolutions that halve an image of 64 pixels each; the mean of the last ones' maps, and their largest values
    where that is asked for, become the outputs.
    """
    def __init__(self, widths, outputs, ends, largest, dropout):
        super().__init__()
        self.ends, self.largest, sizes = ends, largest, [3, *widths]
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Conv2d(a, b, kernel, 2, kernel // 2, bias=False), nn.BatchNorm2d(b), nn.ReLU())
            for a, b, kernel in zip(sizes, widths, [5] + [3] * len(widths)))
        self.last = nn.Sequential(nn.Dropout(dropout), nn.Linear(sum(widths[-ends:]) * (1 + largest), outputs))

    def forward(self, images):
        x, found = images * 2 - 1, []
        for layer in self.layers:
            x = layer(x)
            found.append([x.mean((2, 3)), x.amax((2, 3))][:1 + self.largest])
        return self.last(torch.cat(sum(found[-self.ends:], []), 1))


# One encoder embeds both domains, so that a translation is near what it came from and what it should become.
JUDGES = {"classifier": lambda: Judge([32, 64, 128, 128], 2, 2, True, 0.2),
          "encoder": lambda: Judge([24, 48, 96, 192], 128, 1, False, 0)}


def augmented(x, style):
    """Blur, sharpening and a coarser size by chance, a few images at a time; shifts on white, and noise. Where only the
    style counts, images are also zoomed and mirrored, and half of them lose a part.
    """
    parts = []
    for part in x.split(8):
        kind, side = random.random(), part.shape[-1]
        if kind < 0.4:
            part = blurred(part, random.uniform(0.3, 2))
        elif kind < 0.6:
            part = part + random.uniform(0, 1.5) * (part - blurred(part, random.uniform(0.3, 2)))
        if random.random() < 0.25:
            part = F.interpolate(F.avg_pool2d(part, 2), (side, side), mode="bilinear")
        parts.append(part)
    x, count, side = torch.cat(parts), len(x), x.shape[-1]
    chance = lambda *shape: torch.rand(count, *shape)
    # Zoomed by up to a quarter, and shifted by up to 4 pixels of 64; the ink, not the paper, is zero outside.
    frame = torch.eye(2, 3) * torch.exp((chance(1, 1) * 2 - 1) * (0.25 if style else 0))
    frame[:, :, 2] = (chance(2) * 2 - 1) * 0.125
    x = 1 - F.grid_sample(1 - x, F.affine_grid(frame, list(x.shape), align_corners=False), align_corners=False)
    if style:
        x = torch.where(chance(1, 1, 1) < 0.5, x.flip(3), x)
        for image in x[:count // 2]:
            top, left = (random.randint(0, side * 5 // 8) for _ in range(2))
            image[:, top:top + side * 3 // 8, left:left + side * 3 // 8] = 1
    # Half of the images stay without noise, as it hides the faint shading that tells the styles apart.
    return (x + torch.randn_like(x) * (chance(1, 1, 1) * 0.08 - 0.04).clamp(min=0)).clamp(0, 1)


def trained(net, loss, sides, batch, steps, rate):
    """AdamW with a rate that rises and falls (one cycle), on shuffled batches."""
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps + 1)
    net.train()
    order = []
    for _ in range(steps):
        if len(order) < batch:
            order = torch.randperm(len(sides[0])).tolist()
        chosen, order = order[:batch], order[batch:]
        optimizer.zero_grad()
        loss(net, sides, chosen).backward()
        optimizer.step()
        schedule.step()
    return net.eval()


def domain_loss(net, sides, chosen):
    x = torch.cat([augmented(side[chosen], style=True) for side in sides])
    return F.cross_entropy(net(x), torch.tensor([0, 1]).repeat_interleave(len(chosen)), label_smoothing=0.05)


def pair_loss(net, sides, chosen):
    """InfoNCE both ways: of a batch's drawings in the other style, which one is the same emoji?"""
    x = torch.cat([augmented(side[chosen], style=False) for side in sides])
    a, b = F.normalize(net(x), dim=1).chunk(2)
    likeness, truth = a @ b.T / 0.1, torch.arange(len(chosen))
    return (F.cross_entropy(likeness, truth) + F.cross_entropy(likeness.T, truth)) / 2


@torch.no_grad()
def share(net, images, domain):
    """Of the images, how many the classifier takes for the domain, by themselves and mirrored."""
    scores = sum(net(x).log_softmax(1) for x in (images, images.flip(3)))
    return (scores.argmax(1) == domain).float().mean().item()


@torch.no_grad()
def retrieval(net, images, gallery):
    """R@1: how often the image of the same index is the nearest of the gallery."""
    a, b = (F.normalize(net(x), dim=1) for x in (images, gallery))
    return ((a @ b.T).argmax(1) == torch.arange(len(a))).float().mean().item()
