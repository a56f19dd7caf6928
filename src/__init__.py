"""Starting Strength: a laboratory bench for weight initialisation."""

import sys
from pathlib import Path

# Hydra looks for plugins only in a top-level package called hydra_plugins. Appended, so that an
# installed hydra_plugins package of somebody else's keeps its precedence.
_PLUGIN_PATH = str(Path(__file__).with_name("plugin_path"))
if _PLUGIN_PATH not in sys.path:
    sys.path.append(_PLUGIN_PATH)
