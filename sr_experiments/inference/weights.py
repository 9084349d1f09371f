from pathlib import Path
import torch
def load_weights(path):
    d=torch.load(path,weights_only=True,map_location='cpu')
    return d.get('state_dict',d)
def convert_keys(state, network):
    return {k.removeprefix('network.'):v for k,v in state.items()}
