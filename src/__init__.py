"""Starting Strength: a laboratory bench for weight initialisation."""

import os
import sys
from pathlib import Path

# Threads of OpenMP that wait for each other without sleeping take the cores from every other
# process: beside one busy neighbour, training was seen to slow down tenfold. To be set before
# torch is imported; a user's own choice stands.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Hydra looks for plugins only in a top-level package called hydra_plugins. Appended, so that an
# installed hydra_plugins package of somebody else's keeps its precedence.
_PLUGIN_PATH = str(Path(__file__).with_name("plugin_path"))
if _PLUGIN_PATH not in sys.path:
    sys.path.append(_PLUGIN_PATH)
