"""Facts about the IDX datasets: file names, shapes, checksums, where they can be had."""

from dataclasses import dataclass

TRAIN, TEST = 60_000, 10_000
SIDE = 28

# file name -> shape; the same four names for MNIST and everything published in its format
SHAPES: dict[str, tuple[int, ...]] = {
    "train-images-idx3-ubyte": (TRAIN, SIDE, SIDE),
    "train-labels-idx1-ubyte": (TRAIN,),
    "t10k-images-idx3-ubyte": (TEST, SIDE, SIDE),
    "t10k-labels-idx1-ubyte": (TEST,),
}


@dataclass(frozen=True)
class Dataset:
    """sha256 is of the unpacked files, empty where no published value is known."""

    name: str
    torchvision_class: str
    sha256: dict[str, str]
    debian_package: str | None = None
    package_folder: str | None = None
    classes: int = 10
    class_names: tuple[str, ...] = ()  # empty: told by their numbers


FASHION_MNIST = Dataset(
    name="fashion_mnist",
    torchvision_class="FashionMNIST",
    sha256={
        "train-images-idx3-ubyte": (
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
        ),
        "train-labels-idx1-ubyte": (
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
        ),
        "t10k-images-idx3-ubyte": (
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
        ),
        "t10k-labels-idx1-ubyte": (
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
        ),
    },
    class_names=(
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    debian_package="dataset-fashion-mnist",
    package_folder="/usr/share/datasets/fashion-mnist",
)

MNIST = Dataset(
    name="mnist",
    torchvision_class="MNIST",
    sha256={
        "train-images-idx3-ubyte": (
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
        ),
        "train-labels-idx1-ubyte": (
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
        ),
        "t10k-images-idx3-ubyte": (
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
        ),
        "t10k-labels-idx1-ubyte": (
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
        ),
    },
)

DATASETS: dict[str, Dataset] = {
    dataset.name: dataset
    for dataset in (
        FASHION_MNIST,
        MNIST,
        Dataset(name="kmnist", torchvision_class="KMNIST", sha256={}),
    )
}
