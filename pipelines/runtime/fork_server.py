"""Loaded first by the process that workers are forked from: it ends with the run that started it.

By itself it would see the run's death only once it has loaded all that the workers need, for some 15 s where librosa's
machine code is not there yet, and hold the run's output open meanwhile.
"""

import os

from aig.pipelines.runtime.watchdog import end_with_parent

end_with_parent(os.getppid())
